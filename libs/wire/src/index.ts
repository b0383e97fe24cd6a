export { sameText } from './constant-time';
export { Envelope, EnvelopeError, isEncodingAesKey, type Opened } from './envelope';
export { type JsonLimits, parseJson } from './json';
export { signWithSecretAround } from './secret-around';
export { sortedSha1 } from './sorted-sha1';
export { readXml, type XmlLimits, type XmlNode, type XmlValue, writeXml } from './xml';
export { entryOf } from './entry-of';
