/** Before a benchmark: installs the peers, if they are not there. Without a network the benchmark does without them, and says so. */
import { execFileSync } from 'node:child_process'
import { HOW_TO_INSTALL, installed } from './packages.ts'

if (!installed) {
  try {
    execFileSync('npm', ['--prefix', import.meta.dirname, 'ci', '--no-audit', '--no-fund'], { stdio: 'inherit', shell: process.platform === 'win32' })
  } catch {
    console.error(`The peers could not be installed; what is there is measured. To try again: ${HOW_TO_INSTALL}`)
  }
}
