import { type DynamicModule, Module } from '@nestjs/common';
import type { Config } from '@huiliu/platform';
import { ConnectorEmailModule } from '../../connector-email/src/connector-email.module';
import { ConnectorWebchatModule } from '../../connector-webchat/src/connector-webchat.module';
import { ConnectorWechatModule } from '../../connector-wechat/src/connector-wechat.module';
import { ConnectorWeiboModule } from '../../connector-weibo/src/connector-weibo.module';
import { ConsoleModule } from '../../console/src/console.module';
import { InboxModule } from '../../inbox/src/inbox.module';
import { RoutingModule } from '../../routing/src/routing.module';
import { SandboxModule } from '../../sandbox/src/sandbox.module';

/** Every app in one process. The sandbox plays platforms and customers: never in production. */
@Module({})
export class SuiteModule {
  static forConfig(config: Config): DynamicModule {
    const apps = [
      InboxModule,
      RoutingModule,
      ConnectorWebchatModule,
      ConnectorWechatModule,
      ConnectorWeiboModule,
      ConnectorEmailModule,
      ConsoleModule,
    ];
    return { module: SuiteModule, imports: config.production ? apps : [...apps, SandboxModule] };
  }
}
