// What the page says about the model.

export interface About {
  /** Name of the model. */
  readonly model: string;
  /** It is the stand-in, and no language model. */
  readonly isStandIn: boolean;
}
