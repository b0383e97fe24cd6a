import type { ChannelDefinition } from '@huiliu/contracts';
import { AgentClient, eventually, startSuite, type System } from '@huiliu/testing';
import { Channel } from './customer';
import type { ChannelPlan, Scene } from './plan';
import { sandboxWorld } from './sides/sandbox';

/** The whole product with the sandbox, ready for the cases of one channel. */
export interface Conformance {
  readonly system: System;
  /** A scene with an account of its own; `over` changes what the platform gave it (null: left out). */
  scene(over?: Record<string, unknown>): Promise<Scene>;
  stop(): Promise<void>;
}

/** `env`: added to the process's environment. */
export async function startConformance(plan: ChannelPlan, env: Record<string, string> = {}): Promise<Conformance> {
  const world = await (plan.world?.() ?? sandboxWorld(plan.channel));
  const system = await startSuite({ env: { ...world.env, ...env } });
  const stop = async (): Promise<void> => {
    await system.stop();
    await world.stop();
  };
  try {
    const admin = await AgentClient.login(system.baseUrl, 'admin', system.adminPassword);
    const definition = await eventually('the channel is there', async () =>
      (await admin.get<{ items: ChannelDefinition[] }>('/channels')).items.find(
        ({ channel }) => channel === plan.channel,
      ),
    );
    const scene = async (over?: Record<string, unknown>): Promise<Scene> => ({
      channel: await Channel.open(system, admin, plan.channel, world, over),
      definition,
      plan,
    });
    // A channel that cannot even be set up is told once, and not by every case after its patience.
    await scene();
    return { system, scene, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
