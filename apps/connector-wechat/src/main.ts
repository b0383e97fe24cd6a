import 'reflect-metadata';
import { runConnector } from '@huiliu/connector-kit';
import { ConnectorWechatModule } from './connector-wechat.module';

void runConnector('connector-wechat', ConnectorWechatModule);
