import { load } from '../packages.ts'
import { digest, type RealSubject } from '../subject.ts'

const FUNCTION = (index: number) => `
func step${index}(in []int,out map[string]int)(int,error){
if len(in)==0{return 0,fmt.Errorf("step %d: nothing",${index})}
sum:=0
for i,v:=range in{switch{case v%2==0:sum+=v*i
case v<0:  return 0,   errors.New("negative")
default:sum^=v<<uint(i%8)}
out[fmt.Sprintf("k%d",i)]=sum}
go func(){ defer close(done); select{case x:=<-ch:log.Println(x)
case <-time.After(time.Second):} }()
return   sum,nil }
type Item${index} struct{ID int \`json:"id"\`
Name,Alias string // names
next *Item${index}}
`

export const gofmt: RealSubject = {
  id: 'gofmt',
  label: '@wasm-fmt/gofmt: format a Go file',
  toolchain: 'Go, TinyGo',
  async load() {
    const { format } = await load<{ format(source: string): string }>('@wasm-fmt/gofmt')
    const source = `package steps\nimport("errors";"fmt")\n${Array.from({ length: 400 }, (_, index) => FUNCTION(index)).join('')}`
    return { run: () => digest(format(source)) }
  },
}
