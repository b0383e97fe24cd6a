import type { Directory } from '../directory/directory';

/** Whether an agent has left their conversations: gone for the grace period, disabled, or unknown. */
export function isAway(directory: Pick<Directory, 'agent'>, agentId: string): boolean {
  const agent = directory.agent(agentId);
  return agent === undefined || agent.gone || agent.disabled;
}
