import assert from 'node:assert/strict'
import { file, text } from '../../real/packages.ts'
import { put, type WasiProgram } from '../program.ts'

const SCRIPT = String.raw`
open my $in, "<", "/in.txt" or die $!;
my %count;
while (<$in>) { $count{lc $_}++ for /[a-z]+/gi }
open my $out, ">", "/out.txt" or die $!;
print $out join("", map { "$_ $count{$_}\n" } sort keys %count);
close $out;
eval { die "caught\n" };
print $@;
`
const input = () => text('trealla/README.md')

export const perl: WasiProgram = {
  id: 'perl',
  label: '@6over3/zeroperl-ts: words of a file counted into another',
  toolchain: 'C, WASI SDK, with Asyncify',
  bytes: () => file('@6over3/zeroperl-ts/dist/esm/zeroperl.wasm'),
  // Its standard library is data of the module
  limits: { caps: { activeData: 32 * 1024 * 1024 } },
  imports: () => ({ env: { call_host_function: () => 0 } }),
  get files() {
    return { 'in.txt': input(), dev: { null: '' } }
  },
  async use(guest) {
    assert.equal(await guest.call('zeroperl_init'), 0)
    const script = await put(guest, (length) => guest.call('malloc', length), `${SCRIPT}\0`)
    assert.equal(await guest.call('zeroperl_eval', script, 1, 0, 0), 0)
    await guest.call('zeroperl_flush')
  },
  check({ stdout, file: read }) {
    assert.equal(stdout, 'caught\n')
    const counts = new Map<string, number>()
    for (const [word] of input().matchAll(/[a-z]+/gi)) counts.set(word.toLowerCase(), (counts.get(word.toLowerCase()) ?? 0) + 1)
    assert.equal(
      new TextDecoder().decode(read('out.txt')),
      [...counts.keys()]
        .sort()
        .map((word) => `${word} ${counts.get(word)}\n`)
        .join(''),
    )
  },
}
