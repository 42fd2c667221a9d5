/** What an oracle finds wrong. */
export interface Failure {
  /** Stays the same while a case is minimised. */
  readonly kind: FailureKind
  /** The name of the variant, or of the options. */
  readonly variant: string
  /** For people. */
  readonly details: readonly string[]
}

export type FailureKind =
  | 'behaves differently'
  | 'ends in another state'
  | 'is not stopped'
  | 'goes on after a stop'
  | 'works on without asking'
  | 'uses other fuel'
  | 'is guarded differently the second time'
  | 'the guard writes into its input'
  | 'the guard fails'
  | 'the guard is slow'
  | 'a valid module is refused as invalid'
  | 'a valid module becomes invalid'
  | 'an invalid module becomes valid'
  | 'hangs'
  | 'crashes'
