/** What a host does, as one list of claims by subject: the same with JSPI and without, but for the expected differences. */
import { describe } from 'node:test'
import { inMode, type Mode } from '../support/host.ts'
import { asyncFunctions } from './async-functions.ts'
import { badExchanges } from './bad-exchanges.ts'
import { callers } from './callers.ts'
import { calls } from './calls.ts'
import { circles } from './circles.ts'
import { closing } from './closing.ts'
import { concurrency } from './concurrency.ts'
import { conventions } from './conventions.ts'
import { events } from './events.ts'
import { exchanges } from './exchanges.ts'
import { fuel } from './fuel.ts'
import { functions } from './functions.ts'
import { histories } from './histories.ts'
import { holding } from './holding.ts'
import { hostFunctions } from './host-functions.ts'
import { imports } from './imports.ts'
import { instances } from './instances.ts'
import { leases } from './leases.ts'
import { limits } from './limits.ts'
import { loading } from './loading.ts'
import { messages } from './messages.ts'
import { nesting } from './nesting.ts'
import { options } from './options.ts'
import { replacing } from './replacing.ts'
import { restarts } from './restarts.ts'
import { scheduling } from './scheduling.ts'
import { seed } from './seed.ts'
import { signals } from './signals.ts'
import { sources } from './sources.ts'
import { starting } from './starting.ts'
import { stops } from './stops.ts'
import { sync } from './sync.ts'
import { wasi } from './wasi.ts'

const SUBJECTS: Readonly<Record<string, (mode: Mode) => void>> = {
  "the Go design's own cases": seed,
  calls,
  loading,
  'sources of bytes': sources,
  options,
  limits,
  imports,
  'bytes, text and JSON': exchanges,
  'bytes, text and JSON of bad plugins': badExchanges,
  'bytes, text and JSON by other conventions': conventions,
  'functions as values': functions,
  stops,
  fuel,
  'signals, in every phase': signals,
  'concurrent calls': concurrency,
  scheduling,
  callSync: sync,
  leases,
  'who has the instance': holding,
  'start functions and setup': starting,
  restarts,
  'several instances': instances,
  'replacing a module': replacing,
  'host functions': hostFunctions,
  'async host functions': asyncFunctions,
  'callers of host functions': callers,
  'nested calls': nesting,
  'calls in circles': circles,
  'programs of WASI': wasi,
  closing,
  events,
  'histories at random': histories,
  messages,
}

export function behaviours(mode: Mode): void {
  inMode(mode)
  for (const [subject, register] of Object.entries(SUBJECTS)) describe(`${mode.name}: ${subject}`, () => register(mode))
}
