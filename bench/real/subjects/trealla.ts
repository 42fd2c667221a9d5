import { load } from '../packages.ts'
import { digest, type RealSubject } from '../subject.ts'

interface Prolog {
  consultText(program: string): Promise<void>
  queryOnce(goal: string): Promise<{ status: string; stdout?: string }>
}
type Trealla = { load(): Promise<void>; Prolog: new () => Prolog }

const PROGRAM = `
:- use_module(library(lists)).
queens(N, Qs) :- numlist(1, N, Ns), select_queens(Ns, [], Qs).
select_queens([], Qs, Qs).
select_queens(Ns, Safe, Qs) :- select(Q, Ns, Rest), \\+ attacked(Q, 1, Safe), select_queens(Rest, [Q|Safe], Qs).
attacked(Q, D, [X|_]) :- Q =:= X + D ; Q =:= X - D.
attacked(Q, D, [_|Xs]) :- D1 is D + 1, attacked(Q, D1, Xs).
nrev([], []).
nrev([X|Xs], Ys) :- nrev(Xs, Zs), append(Zs, [X], Ys).
fib(0, 0). fib(1, 1).
fib(N, F) :- N > 1, A is N - 1, B is N - 2, fib(A, FA), fib(B, FB), F is FA + FB.
main :- findall(Qs, queens(6, Qs), All), length(All, Count), numlist(1, 120, L), nrev(L, R), fib(18, F),
  catch(atom_length(_, _), error(E, _), true), X is 7 ^ 90 mod 1000007, format("~w", [result(Count, All, R, F, E, X)]).
`

export const trealla: RealSubject = {
  id: 'trealla',
  label: 'trealla (Prolog): search, list reversal, recursion',
  toolchain: 'C, WASI SDK',
  async load() {
    const { load: start, Prolog } = await load<Trealla>('trealla')
    await start()
    const prolog = new Prolog()
    await prolog.consultText(PROGRAM)
    return {
      async run() {
        const { status, stdout } = await prolog.queryOnce('main')
        if (status !== 'success' || stdout === undefined) throw new Error('the goal was not reached')
        return digest(stdout)
      },
    }
  },
}
