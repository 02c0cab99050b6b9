import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { openCookieFile } from '../../scripts/cli/cookie-file.ts'
import { makeFolder } from '../support/temporary-folder.ts'

describe('The cookie file of the command', () => {
  it('has the cookies of the server alone, by host, path and scheme', async () => {
    const lines = [
      '# Netscape HTTP Cookie File',
      '.a.example\tTRUE\t/\tFALSE\t0\twide\t1',
      'a.example\tFALSE\t/\tFALSE\t0\thost\t2',
      '#HttpOnly_a.example\tFALSE\t/deep\tTRUE\t4102444800\tdeep\t3',
      'a.example\tFALSE\t/\tFALSE\t1\told\t4',
    ]
    const jar = openCookieFile(join(makeFolder({ jar: `${lines.join('\n')}\n` }), 'jar'))
    expect(await jar.getCookieString('http://a.example/')).to.equal('wide=1; host=2')
    expect(await jar.getCookieString('https://a.example/deep/er')).to.equal('deep=3; wide=1; host=2')
    expect(await jar.getCookieString('http://b.a.example/')).to.equal('wide=1')
    expect(await jar.getCookieString('http://b.example/')).to.equal('')
  })

  it('keeps what the server sets, for the user alone to read', async () => {
    const path = join(makeFolder(), 'jar')
    const jar = openCookieFile(path)
    await jar.setCookie('a=b; Path=/x; Secure; HttpOnly; Expires=Fri, 01 Jan 2100 00:00:00 GMT', 'https://a.example/')
    await jar.setCookie('c=d; Domain=a.example', 'https://www.a.example/y/z')
    expect(readFileSync(path, 'utf8').split('\n')).to.have.members([
      '# Netscape HTTP Cookie File',
      '#HttpOnly_a.example\tFALSE\t/x\tTRUE\t4102444800\ta\tb',
      '.a.example\tTRUE\t/y\tFALSE\t0\tc\td',
      '',
    ])
    expect(statSync(path).mode & 0o777).to.equal(0o600)
    const again = openCookieFile(path)
    expect(await again.getCookieString('https://a.example/x')).to.equal('a=b')
    expect(await again.getCookieString('https://b.a.example/y')).to.equal('c=d')
    // No server may set one for all of "example" or "co.uk".
    const refused = await jar.setCookie('e=f; Domain=co.uk', 'https://a.co.uk/').catch((error: Error) => error.message)
    expect(refused).to.include('public suffix')
  })

  it('names a line that is no cookie', () => {
    const folder = makeFolder({ jar: '# Netscape HTTP Cookie File\n\nsomething\n' })
    expect(() => openCookieFile(join(folder, 'jar')))
      .to.throw('Line 3')
      .with.property('advice')
      .that.includes('tabs')
  })
})
