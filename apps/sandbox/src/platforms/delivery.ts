/** How a push ended; `status` of the last try, null when nothing answered. */
export interface Delivery {
  readonly id: string;
  readonly taken: boolean;
  readonly tries: number;
  readonly status: number | null;
  readonly answer: string;
  readonly tookMs: number;
}
