import { addressText, replySubject } from './addresses';

describe('mail addresses and subjects', () => {
  it.each([
    ['订单', 'Re: 订单'],
    ['Re: 订单', 'Re: 订单'],
    ['回复：Re: RE[2]: 订单', 'Re: 订单'],
    ['答复: 订单', 'Re: 订单'],
    ['Re', 'Re: Re'],
    ['Reise: Berlin', 'Re: Reise: Berlin'],
    ['', 'Re:'],
  ])('an answer to %j is %j', (subject, answer) => expect(replySubject(subject)).toBe(answer));

  it('a name stands before its address, where there is one', () => {
    expect(addressText({ name: '小李', address: 'li@example.com' })).toBe('小李 <li@example.com>');
    expect(addressText({ name: '', address: 'li@example.com' })).toBe('li@example.com');
  });
});
