import { type Figure, geometricMean, type Settings, type Subject } from '../figures.ts'
import { compare, ratio } from '../real/compare.ts'
import { HOW_TO_INSTALL, installed } from '../real/packages.ts'

/** Enough to see that it works. */
const QUICK = ['redact', 'lz4']
/** Of each side of a subject: what a run takes is for the subject to say, a few ms to a second. */
const MOST_ROUNDS = 20

export const real: Subject = {
  id: 'real',
  title: 'Real modules of npm packages, raw and guarded',
  async measure({ rounds, quick }: Settings) {
    if (!installed) return { figures: [], note: `not installed; to install them: ${HOW_TO_INSTALL}` }
    const { chosen } = await import('../real/index.ts')
    const figures: Figure[] = []
    const ratios = { guarded: [] as number[], fuelled: [] as number[] }
    let skipped = 0
    for (const subject of chosen(quick ? QUICK : [])) {
      const outcome = await compare(subject, Math.min(rounds, MOST_ROUNDS))
      if (outcome.skipped !== undefined) skipped++
      else if (!outcome.equal) throw new Error(`${subject.id}: ${outcome.failure ?? `the outputs differ: ${outcome.digests?.join(' ')}`}`)
      for (const side of ['guarded', 'fuelled'] as const) {
        const found = ratio(outcome, side)
        if (found === undefined) continue
        ratios[side].push(found)
        if (side === 'guarded') figures.push({ id: subject.id, label: subject.label, value: found, unit: 'x' })
      }
    }
    figures.sort((a, b) => b.value - a.value)
    return {
      figures: [
        { id: 'mean', label: 'guarded / raw, geometric mean', value: geometricMean(ratios.guarded), unit: 'x', goal: 1.05 },
        { id: 'worst', label: 'guarded / raw, worst', value: Math.max(...ratios.guarded), unit: 'x', goal: 1.15 },
        { id: 'fuel-mean', label: 'with fuel / raw, geometric mean', value: geometricMean(ratios.fuelled), unit: 'x', goal: 1.4 },
        ...figures,
      ],
      note: `${ratios.guarded.length} subjects with equal outputs, ${skipped} that this engine cannot run`,
    }
  },
}
