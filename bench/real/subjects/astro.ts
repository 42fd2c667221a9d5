import { load } from '../packages.ts'
import { digest, type RealSubject } from '../subject.ts'

type Astro = { startRunningService(): { transform(source: string, options: object): Promise<{ code: string }> } }

const CARD = (index: number) => `
<Card title={\`No. \${${index}}\`} {...props} client:load>
  {items.filter((item) => item.id > ${index}).map(({ id, name }) => <li class:list={['a', { b: id % 2 }]} data-id={id}><a href={\`/\${name}\`}>{name} &amp; co</a></li>)}
  <Fragment set:html={raw} /><p>Some text with <b>bold</b> and <!-- a comment --> more.</p>
</Card>`

export const astro: RealSubject = {
  id: 'astro',
  label: '@astrojs/compiler: components to JavaScript',
  toolchain: 'Go',
  async load() {
    const { startRunningService } = await load<Astro>('@astrojs/compiler/sync')
    const service = startRunningService()
    const cards = Array.from({ length: 80 }, (_, index) => CARD(index)).join('')
    const source = `---\nimport Card from './card.astro'\nconst { items, raw, ...props } = Astro.props\n---\n<html><body>${cards}</body></html>\n<style>.a { color: red } .b > li { margin: 0 }</style>`
    return {
      async run() {
        return digest((await service.transform(source, { filename: '/page.astro', sourcemap: 'inline' })).code)
      },
    }
  },
}
