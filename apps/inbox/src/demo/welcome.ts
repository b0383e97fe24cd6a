import type { INestApplication } from '@nestjs/common';
import type { Config } from '@huiliu/platform';
import { AdminBootstrap } from '../agents/admin-bootstrap';
import { banner } from './banner';
import { DemoSeeder } from './demo-seeder';

/** Makes the demo data on the first start outside production, then says where to open the suite and who can log in. */
export async function welcome(app: INestApplication, config: Config): Promise<void> {
  const demo = config.production ? [] : await app.get(DemoSeeder).seed();
  const adminPassword = app.get(AdminBootstrap).takeGeneratedPassword();
  process.stdout.write(
    banner({
      url: config.address,
      production: config.production,
      adminPassword,
      adminPasswordSet: config.adminPassword !== null,
      demo,
    }),
  );
}
