/** Actions that are under way at once. */
export const ACTORS = 64
/** Of so many plugins one has a memory: they are the scarcest of what a process has, with room for some 13,000. */
export const WITH_MEMORY = 4
/** So few plugins that there is always one of either kind that is not being closed. */
export const LEAST_PLUGINS = WITH_MEMORY * ACTORS
