import { expect } from 'chai'
import { environmentProxy, isExcluded } from '#lib/opening/environment-proxy.js'

type Case = readonly [noProxy: string, within: readonly string[], without: readonly string[]]

describe('Proxies of the environment', () => {
  const proxyOf = (environment: Record<string, string>, url = 'ws://server.test/'): string | undefined => {
    const found = environmentProxy(environment, new URL(url))
    return typeof found === 'string' ? found : found?.href
  }

  it('are HTTP_PROXY for ws, HTTPS_PROXY for wss, and else ALL_PROXY', () => {
    const all = { HTTP_PROXY: 'http://a.test', HTTPS_PROXY: 'http://b.test', ALL_PROXY: 'socks5h://c.test' }
    expect(proxyOf(all)).to.equal('http://a.test/')
    expect(proxyOf(all, 'wss://server.test/')).to.equal('http://b.test/')
    expect(proxyOf({ ALL_PROXY: 'socks5h://c.test' }, 'wss://server.test/')).to.equal('socks5h://c.test')
    expect(proxyOf({ HTTP_PROXY: 'http://a.test' }, 'wss://server.test/')).to.equal(undefined)
    expect(proxyOf({})).to.equal(undefined)
  })

  it('are read in lower case first; an empty value is none; without a scheme the proxy speaks HTTP', () => {
    expect(proxyOf({ http_proxy: 'http://lower.test', HTTP_PROXY: 'http://upper.test' })).to.equal('http://lower.test/')
    expect(proxyOf({ http_proxy: '', HTTP_PROXY: 'http://upper.test' })).to.equal('http://upper.test/')
    expect(proxyOf({ http_proxy: ' ', all_proxy: 'http://all.test' })).to.equal('http://all.test/')
    expect(proxyOf({ all_proxy: 'socks://proxy.test:1080/' })).to.equal('socks4://proxy.test:1080/')
    expect(proxyOf({ http_proxy: 'user:secret@proxy.test:3128' })).to.equal('http://user:secret@proxy.test:3128/')
  })

  it('are not those of the client of a CGI program', () => {
    expect(proxyOf({ HTTP_PROXY: 'http://evil.test', REQUEST_METHOD: 'GET' })).to.equal(undefined)
    expect(proxyOf({ http_proxy: 'http://own.test', REQUEST_METHOD: 'GET' })).to.equal('http://own.test/')
  })

  it('are told by name if they are none', () => {
    for (const value of ['ftp://a.test', 'http://', 'http://a b', '://']) {
      expect(proxyOf({ https_proxy: value }, 'wss://server.test/')).to.equal('https_proxy')
    }
  })

  const cases: readonly Case[] = [
    ['*', ['server.test', '10.0.0.1', '[::1]'], []],
    ['*:8080', ['server.test:8080', '10.0.0.1:8080', '[::1]:8080'], ['server.test', '10.0.0.1', '[::1]']],
    ['', [], ['server.test']],
    ['server.test', ['server.test', 'SERVER.test.', 'a.server.test', 'server.test:8080'], ['aserver.test', 'test']],
    ['.server.test', ['server.test', 'a.server.test'], ['aserver.test']],
    ['*.server.test', ['a.server.test', 'b.a.server.test'], ['aserver.test']],
    ['server.test:8080', ['server.test:8080', 'a.server.test:8080'], ['server.test', 'server.test:80']],
    ['server.test:80', ['server.test'], ['server.test:8080']],
    ['bücher.test', ['bücher.test', 'a.BÜCHER.test', 'xn--bcher-kva.test:81'], ['bucher.test', 'b.test']],
    ['*.Bücher.test:81', ['a.bücher.test:81', 'xn--bcher-kva.test:81'], ['bücher.test']],
    ['xn--bcher-kva.test', ['bücher.test', 'a.xn--bcher-kva.test'], ['bucher.test']],
    ['bü<cher.test', [], ['bücher.test', 'cher.test']],
    ['a.test, b.test c.test', ['a.test', 'b.test', 'c.test'], ['d.test']],
    ['10.1.0.0/16', ['10.1.2.3'], ['10.2.0.1', 'server.test']],
    ['10.1.128.0/17', ['10.1.129.1'], ['10.1.1.1']],
    ['0.0.0.0/0', ['10.1.2.3'], ['[::1]']],
    ['10.0.0.0/33', [], ['10.0.0.1']],
    ['10.0.0.1', ['10.0.0.1', '0xa000001', '[::ffff:10.0.0.1]'], ['10.0.0.11']],
    ['010.0.0.1 10.0.0.02 10.0.0.256', [], ['10.0.0.1', '8.0.0.1', '10.0.0.2', '10.0.0.0']],
    ['10.0.0.1:81', ['10.0.0.1:81'], ['10.0.0.1']],
    ['10.0.0.3-10.0.0.20', ['10.0.0.3', '10.0.0.10', '10.0.0.20'], ['10.0.0.2', '10.0.0.21']],
    ['::1', ['[::1]', '[0:0:0:0:0:0:0:1]'], ['[::2]']],
    ['[::1]', ['[::1]', '[::1]:81'], ['[::2]']],
    ['[::1]:81', ['[::1]:81'], ['[::1]']],
    ['fd00::/8', ['[fd12::1]'], ['[fe80::1]']],
    ['2001:db8::/33', ['[2001:db8:7fff::1]'], ['[2001:db8:8000::1]']],
    ['.', [], ['server.test']],
    ['1.2.3', [], ['1.2.3.4']],
    [':::', [], ['[::1]']],
  ]
  for (const [noProxy, within, without] of cases) {
    it(`are not for what NO_PROXY has: ${noProxy || 'nothing'}`, () => {
      for (const host of within) expect(isExcluded(new URL(`ws://${host}/`), noProxy), host).to.equal(true)
      for (const host of without) expect(isExcluded(new URL(`ws://${host}/`), noProxy), host).to.equal(false)
    })
  }
})
