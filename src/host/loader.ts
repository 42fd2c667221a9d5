/** From a source to a version of a module that serves: read, guarded, compiled, linked and started. */
import { type Allowance, moduleAllowance } from '../budget.ts'
import { LoadError } from '../errors.ts'
import { withConvention } from '../guests/exchange.ts'
import type { Executor, Guest, GuestSpec } from '../guests/executor.ts'
import { importSource } from '../guests/imports.ts'
import { type Signature, signaturesOf } from '../guests/signature.ts'
import type { ModuleType } from '../wasm/module-type.ts'
import { tellGuestEvent } from './events.ts'
import { ExchangeSignatures } from './exchange-signatures.ts'
import { Lease, type LeaseContext } from './lease.ts'
import type { ResolvedHostOptions, ResolvedLoadOptions } from './options.ts'
import { prepare } from './prepare.ts'
import { type ModuleSource, readSource } from './source.ts'
import { type LinkedWasi, linkWasi } from './wasi.ts'

/** What a module is until it is replaced. */
export interface Version {
  readonly guest: Guest
  readonly allowance: Allowance
  /** Does it count fuel? */
  readonly countsFuel: boolean
  readonly signatures: ReadonlyMap<string, Signature>
  readonly exchanges: ExchangeSignatures
  readonly type: ModuleType
  /** What it has of WASI. */
  readonly wasi: LinkedWasi | undefined
  /** Told when the guest closes, by itself (`restart: 'never'`) or not: whose version it is sets this. */
  readonly ending: { tell: () => void }
}

/** @throws LoadError */
export async function loadVersion(
  name: string,
  source: ModuleSource,
  host: ResolvedHostOptions,
  options: ResolvedLoadOptions,
  executor: Executor,
  signal: AbortSignal,
): Promise<Version> {
  const bytes = await readSource(source, host.moduleSizeLimit, name, signal)
  const { memoryLimit, tableLimit, caps, fuelCosts = false, deterministic } = options
  const { compiled, abi, type } = await named(name, prepare(bytes, { memoryLimit, tableLimit, caps, fuel: fuelCosts, deterministic }, signal))
  const policy = { memoryLimit, tableLimit, deterministic, restart: options.restart, canWait: executor.canWait }
  const signatures = signaturesOf(type.exports)
  const wasi = options.wasi === undefined ? undefined : await linkWasi(options.wasi, options.imports, type, signatures, name)
  const imports = importSource(type.imports, withConvention(wasi?.imports ?? options.imports, options.convention), policy, name)
  if (signal.aborted) throw new LoadError('aborted', 'loading was aborted', { module: name, cause: signal.reason })
  const allowance = moduleAllowance(host, options)
  const exchanges = new ExchangeSignatures(name, options.convention, signatures)
  const countsFuel = options.fuelCosts !== undefined
  const context = { module: name, allowance, countsFuel, signatures, exchanges }
  const ending = { tell: () => undefined }
  const guest = await executor.load({
    name,
    compiled,
    abi,
    imports,
    signatures,
    allowance,
    signal,
    startTimeout: options.startTimeout,
    nestedTimeout: options.nestedTimeout,
    convention: options.convention,
    setup: readying(options.setup, wasi, context),
    restart: options.restart,
    reuse: options.reuse ?? (wasi?.isCommand ? 'never' : 'always'),
    instances: options.instances,
    maxQueue: options.maxQueue,
    group: options.group,
    weight: options.weight,
    onTrap: options.onTrap,
    deterministic,
    functions: type.functions,
    onClose: () => ending.tell(),
    onEvent: (event) => tellGuestEvent(name, event),
  })
  return { guest, allowance, countsFuel, signatures, exchanges, type, wasi, ending }
}

/** What is done with each new instance before any call gets it: a reactor of WASI first readies itself. */
function readying(setup: ResolvedLoadOptions['setup'], wasi: LinkedWasi | undefined, context: LeaseContext): GuestSpec['setup'] {
  const initialize = wasi?.initialize
  if (initialize === undefined) return setup === undefined ? undefined : (lease) => setup(new Lease(lease, context))
  // Of time it has what `startTimeout` says
  const allowance = { timeout: Number.POSITIVE_INFINITY, cpuTimeout: Number.POSITIVE_INFINITY, fuel: context.allowance.fuel }
  return async (lease) => {
    await initialize(lease, allowance)
    await setup?.(new Lease(lease, context))
  }
}

/** Adds the module's name to an error of what does not know it. */
async function named<T>(module: string, work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (!(error instanceof LoadError)) throw error
    throw new LoadError(error.code, error.what, { module, figures: error.figures, offset: error.offset, cause: error.cause })
  }
}
