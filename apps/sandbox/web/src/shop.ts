/** The demo shop: puts the website chat on its page exactly as a real shop would, for the account that the address names. */
const query = new URLSearchParams(location.search);
const account = query.get('account') ?? '';

if (query.get('lang') === 'en') {
  document.documentElement.lang = 'en';
  document.title = 'SHANYE · demo shop';
  for (const element of document.querySelectorAll<HTMLElement>('[data-en]'))
    element.textContent = element.dataset['en'] ?? '';
}

if (/^[0-9A-Z]{26}$/.test(account)) {
  const script = document.createElement('script');
  script.src = `/webchat/${account}/widget.js`;
  script.async = true;
  const profile = query.get('customer');
  if (profile !== null) script.dataset['profile'] = profile;
  const language = query.get('lang');
  if (language !== null) script.dataset['lang'] = language;
  script.dataset['open'] = '';
  document.body.append(script);
}
