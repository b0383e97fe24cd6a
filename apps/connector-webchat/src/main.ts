import 'reflect-metadata';
import { runConnector } from '@huiliu/connector-kit';
import { ConnectorWebchatModule } from './connector-webchat.module';

void runConnector('connector-webchat', ConnectorWebchatModule);
