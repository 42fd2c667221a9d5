/** Before a benchmark: installs the peers that are not there. Without a network the benchmark does without those, and says so. */
import { execFileSync } from 'node:child_process'
import { HOW_TO_INSTALL, installed } from './packages.ts'

if (!installed) {
  try {
    // `ci` would begin by deleting those that are there
    execFileSync('npm', ['--prefix', import.meta.dirname, 'install', '--no-save', '--no-audit', '--no-fund'], {
      stdio: 'inherit',
      shell: process.platform === 'win32',
    })
  } catch {
    console.error(`The peers could not be installed; what is there is measured. To try again: ${HOW_TO_INSTALL}`)
  }
}
