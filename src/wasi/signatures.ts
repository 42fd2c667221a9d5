/** All functions of preview 1. */

/** By name, the types of the parameters, a letter each: `i` for i32, `l` for i64. All but `proc_exit` return an i32. */
export const PARAMETERS = {
  args_get: 'ii',
  args_sizes_get: 'ii',
  environ_get: 'ii',
  environ_sizes_get: 'ii',
  clock_res_get: 'ii',
  clock_time_get: 'ili',
  fd_advise: 'illi',
  fd_allocate: 'ill',
  fd_close: 'i',
  fd_datasync: 'i',
  fd_fdstat_get: 'ii',
  fd_fdstat_set_flags: 'ii',
  fd_fdstat_set_rights: 'ill',
  fd_filestat_get: 'ii',
  fd_filestat_set_size: 'il',
  fd_filestat_set_times: 'illi',
  fd_pread: 'iiili',
  fd_prestat_get: 'ii',
  fd_prestat_dir_name: 'iii',
  fd_pwrite: 'iiili',
  fd_read: 'iiii',
  fd_readdir: 'iiili',
  fd_renumber: 'ii',
  fd_seek: 'ilii',
  fd_sync: 'i',
  fd_tell: 'ii',
  fd_write: 'iiii',
  path_create_directory: 'iii',
  path_filestat_get: 'iiiii',
  path_filestat_set_times: 'iiiilli',
  path_link: 'iiiiiii',
  path_open: 'iiiiillii',
  path_readlink: 'iiiiii',
  path_remove_directory: 'iii',
  path_rename: 'iiiiii',
  path_symlink: 'iiiii',
  path_unlink_file: 'iii',
  poll_oneoff: 'iiii',
  proc_exit: 'i',
  proc_raise: 'i',
  random_get: 'ii',
  sched_yield: '',
  sock_accept: 'iii',
  sock_recv: 'iiiiii',
  sock_send: 'iiiii',
  sock_shutdown: 'ii',
} as const

export type WasiName = keyof typeof PARAMETERS

/** As types are printed: `(i32, i64) -> i32`. */
export function signatureText(name: WasiName): string {
  const params = [...PARAMETERS[name]].map((letter) => (letter === 'l' ? 'i64' : 'i32')).join(', ')
  return `(${params}) -> ${name === 'proc_exit' ? '()' : 'i32'}`
}
