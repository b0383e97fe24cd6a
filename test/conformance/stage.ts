import type { ChannelDefinition } from '@huiliu/contracts';
import { AgentClient, eventually, startSuite, type System } from '@huiliu/testing';
import type { ChannelPlan, Scene } from './cases';
import { Channel } from './customer';

/** The whole product with the sandbox, ready for the cases of one channel. */
export interface Conformance {
  readonly system: System;
  /** A scene with an account of its own; `over` changes what the platform gave it (null: left out). */
  scene(over?: Record<string, unknown>): Promise<Scene>;
}

/** `env`: added to the process's environment. */
export async function startConformance(plan: ChannelPlan, env: Record<string, string> = {}): Promise<Conformance> {
  const system = await startSuite({ env });
  try {
    const admin = await AgentClient.login(system.baseUrl, 'admin', system.adminPassword);
    const definition = await eventually('the channel is there', async () =>
      (await admin.get<{ items: ChannelDefinition[] }>('/channels')).items.find(
        ({ channel }) => channel === plan.channel,
      ),
    );
    return {
      system,
      scene: async (over) => ({ channel: await Channel.open(system, admin, plan.channel, over), definition, plan }),
    };
  } catch (error) {
    await system.stop();
    throw error;
  }
}
