import { Trouble } from './console.mjs';
import { tail } from './packages.mjs';
import { run, which } from './processes.mjs';

let answer;

/** Whether a Docker daemon answers here. */
export async function dockerAnswers() {
  answer ??=
    which('docker') === null ? false : (await run('docker', ['version', '--format', '{{.Server.Version}}'])).code === 0;
  return answer;
}

/** Starts a container in the background and answers its id. */
export async function startContainer(args) {
  const started = await run('docker', ['run', '--detach', '--rm', ...args]);
  if (started.code !== 0) throw new Trouble(`docker run failed:\n${tail(started.output)}`);
  return started.stdout.trim().split('\n').at(-1);
}

export async function containerRuns(id) {
  return (await run('docker', ['inspect', '--format', '{{.State.Running}}', id])).stdout.trim() === 'true';
}

export async function removeContainer(id) {
  await run('docker', ['rm', '--force', id]);
}
