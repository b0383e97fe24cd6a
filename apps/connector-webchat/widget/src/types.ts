/** The parts of the visitor surface that the widget uses. */
export interface VisitorContent {
  kind: string;
  text: string;
  title?: string;
  url?: string;
  attachment?: { id: string; name: string; mime: string; size: number };
}

export interface VisitorMessage {
  id: string;
  seq: number;
  direction: 'inbound' | 'outbound' | 'note' | 'system';
  author: { type: string; name: string };
  content: VisitorContent;
  state: string;
  clientId: string | null;
  recalledAt: string | null;
  createdAt: string;
}

export interface Session {
  token: string;
  visitorId: string;
  conversationId: string;
}

export interface Identity {
  id: string;
  name?: string;
  hash: string;
}

/** A message of the visitor's own that the server has not shown back yet. */
export interface Pending {
  clientId: string;
  content: { kind: string; text: string; attachment?: { id: string } };
  /** What is drawn meanwhile, for files. */
  label?: string;
  /** `uploading`: its file is on the way first; without the page it is lost. */
  state: 'uploading' | 'sending' | 'accepted' | 'failed';
  error?: string;
  at: string;
}
