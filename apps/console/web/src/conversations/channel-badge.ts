/** The badge of a channel: a colour class of the tokens. Its letter and name are translated under `channel.<name>`. */
const CLASSES: Readonly<Record<string, string>> = {
  webchat: 'web',
  email: 'ml',
  'wechat-official': 'wx',
  'wecom-kf': 'wc',
  wechaty: 'wx',
  weibo: 'wb',
  'wechat-store': 'wx',
  taobao: 'tb',
  jd: 'jd',
  pinduoduo: 'pd',
  doudian: 'dy',
};

export function badgeClass(channel: string): string {
  return CLASSES[channel] ?? 'web';
}

/** The first letter of a name as a person reads it; a full emoji or an astral character counts as one. */
export function initialOf(name: string): string {
  return [...new Intl.Segmenter().segment(name.trim())][0]?.segment.toUpperCase() ?? '?';
}
