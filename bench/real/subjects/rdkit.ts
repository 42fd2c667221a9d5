import { loadCommonJs } from '../packages.ts'
import { digest, type RealSubject } from '../subject.ts'

interface Molecule {
  get_smiles(): string
  get_descriptors(): string
  get_morgan_fp_as_uint8array(): Uint8Array
  get_svg(): string
  get_substruct_matches(pattern: Molecule): string
  delete(): void
}
interface RDKit {
  get_mol(smiles: string): Molecule | null
  get_qmol(smarts: string): Molecule
}

const SMILES = [
  'CC(=O)OC1=CC=CC=C1C(=O)O',
  'CN1C=NC2=C1C(=O)N(C(=O)N2C)C',
  'CC12CCC3C(C1CCC2O)CCC4=CC(=O)CCC34C',
  'CC(C)CC1=CC=C(C=C1)C(C)C(=O)O',
  'CN1CCC23C4C1CC5=C2C(=C(C=C5)O)OC3C(C=C4)O',
  'CC(C)(C)NCC(C1=CC(=C(C=C1)O)CO)O',
  'C(C1C(C(C(C(O1)O)O)O)O)O',
  'CC1=C(C(=O)N2CCCCC2=N1)CCN3CCC(CC3)C4=NOC5=C4C=CC(=C5)F',
  'not a molecule',
  'C1=CC=C1(C)(C)(C)C',
]

export const rdkit: RealSubject = {
  id: 'rdkit',
  label: '@rdkit/rdkit: read molecules, some of them wrong, describe and draw them',
  toolchain: 'C++, Emscripten, exceptions',
  async load() {
    const start = loadCommonJs<(options: object) => Promise<RDKit>>('@rdkit/rdkit')
    const rdkit = await start({ print: () => undefined, printErr: () => undefined })
    return {
      run() {
        const ring = rdkit.get_qmol('c1ccccc1')
        const outputs = SMILES.map((smiles) => {
          const molecule = rdkit.get_mol(smiles)
          if (molecule === null) return 'none'
          const output = digest(
            molecule.get_smiles(),
            molecule.get_descriptors(),
            molecule.get_morgan_fp_as_uint8array(),
            molecule.get_svg(),
            molecule.get_substruct_matches(ring),
          )
          molecule.delete()
          return output
        })
        ring.delete()
        return digest(...outputs)
      },
    }
  },
}
