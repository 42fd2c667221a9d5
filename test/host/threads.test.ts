/** The list of behaviours with guests in worker threads, and what is different there. */
import assert from 'node:assert/strict'
import type { Bench, Difference, Prove } from '../support/host.ts'
import { behaviours } from './behaviours.ts'

/** Claims whose proof calls `callSync`, and not from a host function of that guest. */
const SYNC = [
  "a promise that no guest can wait for is refused, and a rejection of it is nobody's problem",
  'so is one that grows in a synchronous call',
  'without room for its next instance a module is broken, and recovers when there is room',
  'a guest that cannot be suspended is refused a promise, with what to do instead',
  'a host function may call back into its caller by `callSync`, and sees and makes its state',
  'a host function may call back through a lease that its caller runs in',
  'a call that has its instance and waits for its turn ends with `closed` and has not run',
  'a host function may close the host, from `callSync` too',
  'a synchronous call is told within itself',
  'a function that is imported and exported again is called like any other',
  'a function that a guest returns is called like an export: metered, its results an array',
  'it can be passed back in, and is the same function each time it comes out',
  'a refused function does no harm to calls that wait for their turn',
  'functions pass through externref as the values they are',
  'an endless loop ends at its deadline, called either way, and the module works on',
  'an endless loop inside a legacy `catch_all`, entered again whenever something is caught, ends at its deadline, called either way, and the module works on',
  'an endless loop inside a `try_table` with `catch_all`, entered again whenever something is caught, ends at its deadline, called either way, and the module works on',
  'a cycle of tail calls ends at its deadline, called either way, and the module works on',
  'a cycle of indirect tail calls ends at its deadline, called either way, and the module works on',
  'an exponential call tree ends at its deadline, called either way, and the module works on',
  'endless recursion is a stack overflow, called either way, and the module works on',
  'a guest whose fuel runs out ends, called either way, and the module works on',
  'what a call burnt is counted by the instruction, and shows in `stats`',
  'a guest stops at the same place however it is called and sliced',
  'fuel bounds `callSync`, which then needs no limit on time',
  'how deep a guest may recurse is counted, not left to the engine',
  'a signal aborted while the call waits for its turn: rejected, the guest never starts, no instance is harmed',
  '`cpuTimeout` ends a guest that has run for so long',
  '`callSync` returns the results themselves',
  '`callSync` and `call` see the same instance',
  '`callSync` enforces the deadline, which counts from the moment it is called',
  '`callSync` without any limit is refused, unless `timeout: Infinity` is written out',
  "`callSync` with `timeout: Infinity` still has its module's limit",
  'an instance that other calls wait for is busy, and a leased one is',
  'another module is not busy because one is',
  'a trap, and what a host function throws, come out of `callSync` as errors too',
  'after a stop in a lease everything is stale, and the next lease has a fresh instance',
  'after a trap in a lease everything is stale',
  '`callSync` that loops in a lease ends at the limit of the lease',
  '`callSync` works in a lease, and is busy while another call of it is under way',
  'a lease that runs out under its synchronous call leaves a module that works',
  'a lease that is aborted in a host function under its synchronous call leaves a module that works',
  "a synchronous call in `setup` is fine with `reuse: 'never'`",
  'a synchronous call has its deadline from the first host function on, whatever credit is left from before',
  'closing from a host function under a lease ends the lease, and makes no further instance',
  'a restart that a host function of another module brings about has limits of its own',
  '`setup` may use host functions, and `callSync`',
  "`onTrap: 'keep'` goes on with an instance that trapped by itself, but not with one that was stopped",
  "`reuse: 'never'` gives each call an instance of its own, however it is made",
  'restarts that fail three times in a row make the module broken; after a back-off it recovers',
  'a broken module that is called by `callSync` alone recovers too',
  'a host function that calls back gets the instance that called it, not another',
  'one that is lost in the very moment in which another is readied has one successor',
  'an error of Curfew that a host function throws is a cause like any other',
  'a host function may call another module, within the budget of its caller',
  'a function of the host, of another module or of a raw instance is refused, and harms nothing',
]

/** The same, which would leave a call behind if they were begun. */
const SYNC_LATER = [
  'an instance whose call has ended, but has not told yet, is not harmed by a `callSync`: busy or done',
  'an instance whose guest is suspended is busy',
  'a lease cannot be used to enter its suspended guest from a host function of another module',
  'no other call enters an instance whose guest waits',
  'a lease that is closed as it gets its instance is told as stopped once, and does not begin',
  'who is told of a stop may call another guest, and harms no call on whose stack that is',
]

/** Claims whose proof replaces the clock, or counts turns of the event loop: of this thread, and not of those that the guests are on. */
const CLOCK = [
  'guests that call async functions in a loop get one slice per turn between them, however soon the promises settle',
  'guests whose promises settle at once run on one after another, in as many turns as that takes',
  'a guest that has waited runs in slices as before, to its deadline',
  'a guest asks its poll as soon as it runs on: what credit it had is of an earlier turn',
  'a signal aborted while the guest runs ends it at its next poll',
  'the first cause wins: a signal aborted after the deadline has passed changes nothing',
  'a signal cancels loading: before, while the body streams, and while the start function runs',
  'how long a refused call should wait follows from what calls took and how many wait',
  'a guest gets one slice per turn of the event loop',
  '`cpuTimeout` does not count the time that a call is suspended',
  'time that passes in host functions is not forgotten: a guest polls after it',
  'time of a nested call is counted once',
  'loading is not bounded by `execTimeout`, start functions included',
  'time in `callSync` is charged to the turn: the next call waits for another',
]

/** Claims about engines without JSPI, where a guest holds the event loop of its thread. */
const UNSLICED = [
  'a guest that loops holds the event loop to its deadline, and not longer: timers fire then',
  'no guest is ever suspended, so a signal that a timer would abort is not seen: the deadline ends the call',
  'when the first of ten loops it holds the thread as it is called, and the other nine, called after it, run',
  'a guest runs unsliced, to its deadline',
  'guests of two hosts run one after the other, each to its deadline',
  'a call that runs holds the thread, whatever the number of instances',
]

/** Claims about guests that wait beside each other: without JSPI each holds its thread. */
const BESIDE = [
  "with `reuse: 'never'` the next instance is made while a call runs, unless its memory is large: then after it",
  'a thousand guests wait at once',
  'a call that a waiting guest needs does not wait for the places that such guests have',
  'a type that no trampoline can have, or two types for one name, is no reason not to load: the promise is refused',
]

/** Claims about imports that have a state. */
const MADE = [
  'guests that share a memory count once',
  'what a guest has another grow, through a table that both share, stops it',
  'memory that the host grows while a guest waits is there when it runs on, and the guest may grow it too',
  'a guest that waits in another module, which it reached through a shared table, does not run on there once that is closed',
  'a factory makes a memory for each instance: nothing is shared between restarts',
  'factories for mutable globals and tables',
  'a factory that throws is a load error, and at a restart counts as one that failed',
  "a shared memory needs `restart: 'never'`, and is shared then",
  'imports of a wrong kind are refused with a message that says which and what it must be',
  'what a call leaves is not for others who reach its instance through a table',
]

/** Claims whose proof counts on what happens in the next turn of this thread's event loop, or in one order. */
const TIMED = [
  'what is promised to a guest that was stopped meanwhile is ignored: a value, a rejection',
  'an abort ends a guest that waits for a promise which never settles, though it catches all it can',
  'a call of another module that a host function makes runs after its caller',
  'a step of a lease that waits for the one before it has its own deadline',
  'beyond `maxConcurrent` a call waits until another has ended',
  '`instances: 2` has two leases at a time, each with a state of its own; a third waits',
  'if one of them cannot be made, the module is not loaded',
  "a former version that closes by itself (`restart: 'never'`) does not close the module",
  'a close ends a guest that waits for a promise which never settles, though it catches all it can',
]

const jspi = 'Suspending' in WebAssembly

/** What it says that failed, wherever in the proof that was. */
async function whyFailed(bench: Bench, prove: Prove): Promise<string> {
  try {
    await prove(bench)
  } catch (error) {
    return String(error instanceof Error ? `${error.message} ${(error as { code?: string }).code} ${(error as { actual?: unknown }).actual}` : error)
  }
  return assert.fail('it holds here as well')
}

const NO_SYNC: Difference = {
  instead: '`callSync` is refused as `unsupported`',
  prove: async (bench, original) => assert.match(await whyFailed(bench, original), /unsupported|run on other threads|lease-timeout/),
}
const NO_STATE: Difference = {
  instead: 'an import with a state is refused when the module is loaded',
  prove: async (bench, original) => assert.match(await whyFailed(bench, original), /of this thread, which a guest of another cannot have/),
}
const OWN_CLOCK: Difference = { instead: 'each thread has its own clock and event loop; what runs there is what the other lists are about' }
const OWN_LOOP: Difference = { instead: 'it holds that of its thread, and not this one' }
const ONE_WAITS: Difference = { instead: 'a thread waits for one promise at a time, whatever the type of the function, and does nothing else' }
const LATER: Difference = { instead: 'it holds some messages later' }

const differences = new Map<string, Difference>([
  ...SYNC.map((claim) => [claim, NO_SYNC] as const),
  ...SYNC_LATER.map((claim) => [claim, { instead: NO_SYNC.instead }] as const),
  ...MADE.map((claim) => [claim, NO_STATE] as const),
  ...CLOCK.map((claim) => [claim, OWN_CLOCK] as const),
  ...UNSLICED.map((claim) => [claim, OWN_LOOP] as const),
  ...TIMED.map((claim) => [claim, LATER] as const),
  [
    'a live view is of all of the memory as it is',
    {
      instead: 'there is none, but copies: `unsupported`',
      prove: async (bench, original) => assert.match(await whyFailed(bench, original), /can be read and written, but not viewed/),
    },
  ],
  [
    'a nested call cannot wait: in an export, and in a function that its guest passed to the host',
    {
      instead: 'the latter cannot be called at all',
      prove: async (bench, original) =>
        assert.match(await whyFailed(bench, original), jspi ? /cannot be called from another thread/ : /the thread of the module waits/),
    },
  ],
  ...['come in', 'were promised'].map((bits): [string, Difference] => [
    `a deterministic module sees one NaN, whatever bits ${bits}`,
    {
      instead: 'any module does: a message has no other',
      prove: async (bench, original) => assert.match(await whyFailed(bench, original), /not to be strictly deep-equal/),
    },
  ]),
])

if (!jspi) for (const claim of BESIDE) differences.set(claim, ONE_WAITS)

behaviours({ name: 'in threads', jspi, threads: 2, differences })
