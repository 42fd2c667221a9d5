import { load } from '../packages.ts'
import { digest, type RealSubject } from '../subject.ts'

interface Engine {
  doStringSync(script: string): unknown
}
type Wasmoon = { LuaFactory: new () => { createEngine(): Promise<Engine> } }

/** Tables, closures, strings with patterns, coroutines and floating point. */
const SCRIPT = `
  local function queens(n)
    local found, columns, up, down = 0, {}, {}, {}
    local function place(row)
      if row > n then found = found + 1 return end
      for column = 1, n do
        if not (columns[column] or up[row + column] or down[row - column + n]) then
          columns[column], up[row + column], down[row - column + n] = true, true, true
          place(row + 1)
          columns[column], up[row + column], down[row - column + n] = nil, nil, nil
        end
      end
    end
    place(1)
    return found
  end

  local words = {}
  for i = 1, 8000 do words[i] = string.format('%x-%d', i * 7919 % 65536, i) end
  table.sort(words)
  local joined = table.concat(words, ' ')
  local counts = {}
  for letter in joined:gmatch('%a') do counts[letter] = (counts[letter] or 0) + 1 end

  local numbers = coroutine.wrap(function() for i = 1, 300 do coroutine.yield(i * i % 1009) end end)
  local sum = 0.0
  for i = 1, 300 do sum = sum + math.sin(numbers()) end
  for i = 1, 300000 do sum = sum + math.sin(i) / i end

  return string.format('%d %d %d %.10f %s', queens(8), counts.a, #joined:gsub('%d+', 'n'), sum, joined:sub(1, 200))`

export const lua: RealSubject = {
  id: 'lua',
  label: 'wasmoon: a script with tables, strings and coroutines',
  toolchain: 'C, Emscripten',
  async load() {
    const { LuaFactory } = await load<Wasmoon>('wasmoon')
    const engine = await new LuaFactory().createEngine()
    return { run: () => digest(String(engine.doStringSync(SCRIPT))) }
  },
}
