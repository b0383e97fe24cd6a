import { EnterRule, type KeyPress } from './enter-key';

const enter = (over: Partial<KeyPress> = {}): KeyPress => ({
  key: 'Enter',
  shiftKey: false,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  isComposing: false,
  keyCode: 13,
  timeStamp: 1000,
  ...over,
});

describe('EnterRule', () => {
  it('sends on Enter and on Ctrl+Enter, not on Shift+Enter, Alt+Enter or another key', () => {
    const rule = new EnterRule();
    expect(rule.sends(enter())).toBe(true);
    expect(rule.sends(enter({ ctrlKey: true }))).toBe(true);
    expect(rule.sends(enter({ shiftKey: true }))).toBe(false);
    expect(rule.sends(enter({ altKey: true }))).toBe(false);
    expect(rule.sends(enter({ key: 'a', keyCode: 65 }))).toBe(false);
  });

  it('does not send the Enter that chooses a candidate in Chromium and Firefox: keydown, then compositionend', () => {
    const rule = new EnterRule();
    rule.compositionStart();
    expect(rule.sends(enter({ isComposing: true, keyCode: 229, timeStamp: 500 }))).toBe(false);
    rule.compositionEnd(501);
    expect(rule.sends(enter({ timeStamp: 900 }))).toBe(true);
  });

  it('does not send it in Safari: compositionend, then keydown of the same stroke', () => {
    const rule = new EnterRule();
    rule.compositionStart();
    rule.compositionEnd(500);
    expect(rule.sends(enter({ keyCode: 229, timeStamp: 501 }))).toBe(false);
    expect(rule.sends(enter({ keyCode: 13, timeStamp: 505 }))).toBe(false);
    expect(rule.sends(enter({ timeStamp: 800 }))).toBe(true);
  });

  it('does not send when only one of the signs is there', () => {
    const rule = new EnterRule();
    expect(rule.sends(enter({ isComposing: true }))).toBe(false);
    expect(rule.sends(enter({ keyCode: 229 }))).toBe(false);
    rule.compositionStart();
    expect(rule.sends(enter())).toBe(false);
  });

  it('does not stay silent for ever when the focus leaves in the middle of a composition', () => {
    const rule = new EnterRule();
    rule.compositionStart();
    rule.blur();
    expect(rule.sends(enter())).toBe(true);
  });
});
