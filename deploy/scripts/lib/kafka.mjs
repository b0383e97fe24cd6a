import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import kafkajs from 'kafkajs';
import { say, Trouble } from './console.mjs';
import { dockerAnswers, startContainer } from './docker.mjs';
import { freePort } from './net.mjs';
import { installPackages, tail } from './packages.mjs';
import { CACHE } from './paths.mjs';
import { isRunning, run, startDetached, stop, until, which } from './processes.mjs';

const VERSION = '4.1.0';
const SLF4J = '2.24.3';

/** Whether a broker answers, not just listens. */
export async function kafkaAnswers(brokers) {
  const client = new kafkajs.Kafka({
    clientId: 'huiliu-services',
    brokers: brokers.split(','),
    connectionTimeout: 1000,
    requestTimeout: 3000,
    retry: { retries: 0 },
    logLevel: kafkajs.logLevel.NOTHING,
  });
  const admin = client.admin();
  try {
    await admin.connect();
    return (await admin.describeCluster()).brokers.length > 0;
  } finally {
    await admin.disconnect().catch(() => {});
  }
}

/**
 * Starts a one-node broker and returns when it answers.
 * @param {string} folder where its data and log go; data found there is kept
 * @returns what `services.mjs` remembers of it: `{ brokers, pid, startedAt }` or `{ brokers, container }`
 */
export async function startKafka(folder) {
  const java = which('java', [path.join(process.env.JAVA_HOME ?? '/nonexistent', 'bin')]);
  if ((java === null || (!hasJars() && which('mvn') === null)) && (await dockerAnswers())) return startInDocker();
  const libs = await ensureJars(java);
  return startBroker(which('java') ?? java, libs, folder);
}

const jarsFolder = () => path.join(CACHE, 'services', `kafka-${VERSION}`);
const hasJars = () => fs.existsSync(path.join(jarsFolder(), 'complete'));

async function ensureJars(java) {
  const packages = [
    ...(java === null ? ['default-jre-headless'] : []),
    ...(hasJars() || which('mvn') !== null ? [] : ['maven']),
  ];
  if (packages.length > 0) await installPackages('What Kafka needs (Java, and Maven to fetch it)', packages);
  if (hasJars()) return jarsFolder();
  say(`Fetching Kafka ${VERSION} from Maven Central (43 MB, once)`);
  const work = `${jarsFolder()}.${process.pid}`;
  fs.mkdirSync(work, { recursive: true });
  fs.writeFileSync(path.join(work, 'pom.xml'), pom());
  const fetched = await run('mvn', ['-q', '-B', 'dependency:copy-dependencies', `-DoutputDirectory=${work}`], {
    cwd: work,
  });
  if (fetched.code !== 0) {
    fs.rmSync(work, { recursive: true, force: true });
    throw new Trouble(`Maven could not fetch Kafka:\n${tail(fetched.output)}`);
  }
  fs.writeFileSync(path.join(work, 'log4j2.properties'), LOGGING);
  fs.writeFileSync(path.join(work, 'complete'), '');
  // Two runs may have fetched at once: the first to rename wins, both are the same.
  try {
    fs.renameSync(work, jarsFolder());
  } catch {
    fs.rmSync(work, { recursive: true, force: true });
  }
  return jarsFolder();
}

const pom = () => `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion><groupId>huiliu</groupId><artifactId>kafka</artifactId><version>1</version>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>${VERSION}</version></dependency>
    <dependency><groupId>org.apache.logging.log4j</groupId><artifactId>log4j-slf4j-impl</artifactId><version>${SLF4J}</version></dependency>
  </dependencies>
</project>
`;

// Without a binding the broker is silent when it fails.
const LOGGING = `status = error
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d %p %c{1} %m%n
rootLogger.level = warn
rootLogger.appenderRef.console.ref = console
`;

async function startBroker(java, libs, folder) {
  fs.mkdirSync(folder, { recursive: true });
  const port = process.env.KAFKA_PORT ? Number(process.env.KAFKA_PORT) : await freePort();
  const controller = await freePort();
  const properties = path.join(folder, 'server.properties');
  const data = path.join(folder, 'data');
  fs.writeFileSync(properties, serverProperties(port, controller, data));
  const classPath = path.join(libs, '*');
  const logging = `-Dlog4j2.configurationFile=file:${path.join(libs, 'log4j2.properties')}`;
  if (!fs.existsSync(path.join(data, 'meta.properties')))
    await format(java, ['-Xmx128m', logging, '-cp', classPath], properties);
  const log = path.join(folder, 'kafka.log');
  const args = ['-Xmx512m', '-Xms128m', '-XX:+UseSerialGC', logging, '-cp', classPath, 'kafka.Kafka', properties];
  const broker = startDetached(java, args, { log, env: { JAVA_TOOL_OPTIONS: '' } });
  const brokers = `127.0.0.1:${port}`;
  say(`Kafka ${VERSION} starts on ${brokers} (pid ${broker.pid})`);
  const ready = await until(async () => !isRunning(broker) || (await kafkaAnswers(brokers)), 60_000);
  if (!ready || !isRunning(broker)) {
    await stop(broker);
    throw new Trouble(`Kafka did not start:\n${tail(fs.readFileSync(log, 'utf8'))}`);
  }
  return { brokers, ...broker };
}

async function format(java, options, properties) {
  // Given with `=`: one in 64 begins with a hyphen and would be taken for an option.
  const id = randomBytes(16).toString('base64url');
  const env = { ...process.env, JAVA_TOOL_OPTIONS: '' };
  const done = await run(
    java,
    [...options, 'kafka.tools.StorageTool', 'format', `--cluster-id=${id}`, '-c', properties],
    { env },
  );
  if (done.code !== 0) throw new Trouble(`Kafka could not format its folder:\n${tail(done.output)}`);
}

const serverProperties = (port, controller, data) => `process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:${controller}
listeners=PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controller}
advertised.listeners=PLAINTEXT://127.0.0.1:${port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
log.dirs=${data}
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
auto.create.topics.enable=false
`;

async function startInDocker() {
  const port = process.env.KAFKA_PORT ? Number(process.env.KAFKA_PORT) : await freePort();
  const settings = {
    KAFKA_PROCESS_ROLES: 'broker,controller',
    KAFKA_NODE_ID: '1',
    KAFKA_CONTROLLER_QUORUM_VOTERS: '1@localhost:9093',
    KAFKA_LISTENERS: 'PLAINTEXT://:9092,CONTROLLER://:9093',
    KAFKA_ADVERTISED_LISTENERS: `PLAINTEXT://127.0.0.1:${port}`,
    KAFKA_CONTROLLER_LISTENER_NAMES: 'CONTROLLER',
    KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT',
    KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: '1',
    KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: '1',
    KAFKA_TRANSACTION_STATE_LOG_MIN_ISR: '1',
    KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: '0',
    KAFKA_AUTO_CREATE_TOPICS_ENABLE: 'false',
  };
  const brokers = `127.0.0.1:${port}`;
  say(`Kafka ${VERSION} starts in Docker on ${brokers}`);
  const flags = Object.entries(settings).flatMap(([name, value]) => ['--env', `${name}=${value}`]);
  const container = await startContainer(['--publish', `127.0.0.1:${port}:9092`, ...flags, `apache/kafka:${VERSION}`]);
  if (!(await until(() => kafkaAnswers(brokers), 120_000)))
    throw new Trouble('Kafka in Docker did not answer within two minutes');
  return { brokers, container };
}
