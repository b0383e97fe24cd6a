/** The part of a keydown that decides. */
export interface KeyPress {
  readonly key: string;
  readonly shiftKey: boolean;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  readonly isComposing: boolean;
  readonly keyCode: number;
  readonly timeStamp: number;
}

/** Input methods report keys that they consume with this code. */
const CONSUMED_BY_INPUT_METHOD = 229;
/** Safari ends the composition before it reports the Enter that ended it, with an ordinary code in some versions. */
const SAME_STROKE_MS = 30;

/**
 * Follows a text field's composition and decides whether a press sends. Enter sends; with Shift it is a new line; the Enter that
 * chooses a candidate of an input method (拼音) never sends, in whatever order the browser tells it.
 */
export class EnterRule {
  private composing = false;
  private endedAt = Number.NEGATIVE_INFINITY;

  compositionStart(): void {
    this.composing = true;
  }

  compositionEnd(timeStamp: number): void {
    this.composing = false;
    this.endedAt = timeStamp;
  }

  /** Focus left in the middle: some input methods never report the end. */
  blur(): void {
    this.composing = false;
  }

  sends(press: KeyPress): boolean {
    if (press.key !== 'Enter' || press.shiftKey || press.altKey) return false;
    if (this.composing || press.isComposing || press.keyCode === CONSUMED_BY_INPUT_METHOD) return false;
    return press.timeStamp - this.endedAt > SAME_STROKE_MS;
  }
}
