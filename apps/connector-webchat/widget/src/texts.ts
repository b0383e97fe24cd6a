/** What the widget says, in both languages. */
const zh = {
  locale: 'zh-CN',
  open: '打开在线客服',
  close: '收起',
  title: '在线客服',
  hello: '您好，有什么可以帮您？',
  placeholder: '请输入消息，Enter 发送',
  send: '发送',
  attach: '发送图片或文件',
  typing: '对方正在输入…',
  offline: '连接已断开，正在重连；消息会在恢复后自动发出',
  sending: '发送中',
  uploading: '上传中',
  sent: '已发送',
  failed: '发送失败',
  refused: '发送失败：不支持这种内容',
  retry: '重试',
  tooLarge: '文件不能超过 20 MB',
  file: '文件',
  recalled: '对方撤回了一条消息',
  unread: (n: number) => `${n} 条未读消息`,
  blocked: '此网站未获准使用在线客服',
  gone: '客服入口已停用',
  agent: '客服',
  me: '我',
};

const en: typeof zh = {
  locale: 'en-GB',
  open: 'Chat with us',
  close: 'Minimise',
  title: 'Chat with us',
  hello: 'Hello, how can we help?',
  placeholder: 'Write a message, Enter sends',
  send: 'Send',
  attach: 'Send a picture or a file',
  typing: 'typing…',
  offline: 'No connection. Messages go out by themselves once it is back.',
  sending: 'sending',
  uploading: 'uploading',
  sent: 'sent',
  failed: 'not sent',
  refused: 'not sent: this is not accepted here',
  retry: 'Try again',
  tooLarge: 'Files may have 20 MB at most',
  file: 'File',
  recalled: 'A message was withdrawn',
  unread: (n: number) => `${n} unread message${n === 1 ? '' : 's'}`,
  blocked: 'This site may not use the chat',
  gone: 'This chat has been closed',
  agent: 'Support',
  me: 'Me',
};

export type Texts = typeof zh;

export function textsFor(language: string | undefined): Texts {
  return (language ?? navigator.language).toLowerCase().startsWith('zh') ? zh : en;
}
