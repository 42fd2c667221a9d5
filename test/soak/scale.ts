import { WITH_MEMORY } from './kinds.ts'

/** Actions that are under way at once. */
export const ACTORS = 64
/** So few plugins that there is always one of either kind that is not being closed. */
export const LEAST_PLUGINS = WITH_MEMORY * ACTORS
