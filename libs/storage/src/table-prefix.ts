/** What the names of this process's own tables begin with, as a thing to inject. */
export class TablePrefix {
  constructor(readonly value: string) {}
}
