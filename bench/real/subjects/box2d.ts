import { file, loadCommonJs } from '../packages.ts'
import { digest, type RealSubject } from '../subject.ts'

interface Vector {
  x: number
  y: number
}
interface Body {
  CreateFixture(shape: object, density: number): void
  GetPosition(): Vector
  GetAngle(): number
}
interface Box2D {
  b2Vec2: new (x: number, y: number) => Vector
  b2World: new (gravity: Vector) => { CreateBody(definition: object): Body; Step(seconds: number, velocity: number, position: number): void }
  b2BodyDef: new () => { set_type(type: number): void; set_position(position: Vector): void }
  b2PolygonShape: new () => { SetAsBox(width: number, height: number): void }
  b2_dynamicBody: number
  destroy(object: object): void
}

export const box2d: RealSubject = {
  id: 'box2d',
  label: 'box2d-wasm: a pyramid of boxes falls',
  toolchain: 'C++, Emscripten, SIMD',
  async load() {
    const start = loadCommonJs<(options: object) => Promise<Box2D>>('box2d-wasm/dist/umd/Box2D.simd.js')
    const box2d = await start({ wasmBinary: file('box2d-wasm/dist/umd/Box2D.simd.wasm') })
    const box = (width: number, height: number) => {
      const shape = new box2d.b2PolygonShape()
      shape.SetAsBox(width, height)
      return shape
    }
    return {
      run() {
        const world = new box2d.b2World(new box2d.b2Vec2(0, -10))
        const place = (x: number, y: number, shape: object, dynamic: boolean) => {
          const definition = new box2d.b2BodyDef()
          if (dynamic) definition.set_type(box2d.b2_dynamicBody)
          definition.set_position(new box2d.b2Vec2(x, y))
          const body = world.CreateBody(definition)
          body.CreateFixture(shape, dynamic ? 1 : 0)
          return body
        }
        place(0, -1, box(50, 1), false)
        const shape = box(0.5, 0.5)
        const bodies: Body[] = []
        for (let row = 0; row < 14; row++) {
          for (let column = row; column < 14; column++) bodies.push(place(column * 1.1 - row * 0.55 - 7, 1 + row * 1.3, shape, true))
        }
        for (let step = 0; step < 260; step++) world.Step(1 / 60, 8, 3)
        const states = Float64Array.from(bodies.flatMap((body) => [body.GetPosition().x, body.GetPosition().y, body.GetAngle()]))
        box2d.destroy(world)
        return digest(states)
      },
    }
  },
}
