import { Host, type HostOptions } from 'curfew'

/** A host for as long as something is measured on it. */
export async function withHost<T>(options: HostOptions, measure: (host: Host) => Promise<T>): Promise<T> {
  const host = new Host(options)
  try {
    return await measure(host)
  } finally {
    await host.close()
  }
}
