import { banner } from './banner';

const base = {
  url: 'http://127.0.0.1:3000',
  production: false,
  adminPassword: null,
  adminPasswordSet: false,
  demo: [],
};

test('says where to open it and who can log in, generated passwords included', () => {
  const text = banner({
    ...base,
    adminPassword: 'generated-1',
    demo: [{ username: 'lin', password: 'demo-1', name: '小林' }],
  });
  expect(text).toContain('http://localhost:3000');
  expect(text).toContain('http://localhost:3000/sandbox');
  expect(text).toMatch(/admin +generated-1 +\(generated, shown only this once\)/);
  expect(text).toMatch(/lin +demo-1 +\(小林\)/);
});

test('no sandbox in production; a password that was set is not repeated', () => {
  const text = banner({ ...base, url: 'https://help.example.com', production: true, adminPasswordSet: true });
  expect(text).toContain('https://help.example.com');
  expect(text).not.toContain('sandbox');
  expect(text).toContain('HUILIU_ADMIN_PASSWORD');
});
