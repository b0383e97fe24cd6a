/** Says what is being done; stdout belongs to a command's result. */
export function say(line) {
  process.stderr.write(`${line}\n`);
}

/** Something that the person at the keyboard can mend: shown without a stack. */
export class Trouble extends Error {}

/** Runs a script's body: a `Trouble` is shown in words, anything else with its stack; both exit with 1. */
export async function main(body) {
  try {
    await body();
  } catch (error) {
    say(error instanceof Trouble ? error.message : (error?.stack ?? String(error)));
    process.exitCode = 1;
  }
}
