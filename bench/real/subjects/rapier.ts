import { load } from '../packages.ts'
import { digest, type RealSubject } from '../subject.ts'

interface Vector {
  x: number
  y: number
  z: number
}
interface Description {
  setTranslation(x: number, y: number, z: number): Description
}
interface Body {
  translation(): Vector
  rotation(): Vector & { w: number }
}
interface Rapier {
  init(): Promise<void>
  World: new (
    gravity: Vector,
  ) => { createRigidBody(description: Description): Body; createCollider(shape: object, body?: Body): void; step(): void; free(): void }
  RigidBodyDesc: { dynamic(): Description }
  ColliderDesc: { cuboid(x: number, y: number, z: number): object; ball(radius: number): object }
}

export const rapier: RealSubject = {
  id: 'rapier',
  label: '@dimforge/rapier3d-compat: boxes and balls fall into a heap',
  toolchain: 'Rust, wasm-bindgen',
  async load() {
    const { default: rapier } = await load<{ default: Rapier }>('@dimforge/rapier3d-compat')
    await rapier.init()
    return {
      run() {
        const world = new rapier.World({ x: 0, y: -9.81, z: 0 })
        world.createCollider(rapier.ColliderDesc.cuboid(20, 0.1, 20))
        const bodies: Body[] = []
        for (let i = 0; i < 120; i++) {
          const body = world.createRigidBody(
            rapier.RigidBodyDesc.dynamic().setTranslation((i % 5) * 1.05 - 2.5, 1 + Math.floor(i / 25) * 1.2, ((i / 5) % 5) - 2.5),
          )
          world.createCollider(i % 4 === 0 ? rapier.ColliderDesc.ball(0.5) : rapier.ColliderDesc.cuboid(0.5, 0.5, 0.5), body)
          bodies.push(body)
        }
        for (let step = 0; step < 60; step++) world.step()
        const states = bodies.flatMap((body) => [...Object.values(body.translation()), ...Object.values(body.rotation())])
        world.free()
        return digest(Float64Array.from(states))
      },
    }
  },
}
