import { type Certificate, type LeafOptions, makeAuthority, makeCertificate } from '../../support/certificates.ts'
import { type Attack, neverOpened, type Step, times } from '../attack.ts'

/** The authority that the client trusts in all of these: that is not what fails. */
let authority: Certificate | undefined

async function signed(options: LeafOptions): Promise<Certificate> {
  authority ??= await makeAuthority()
  return makeCertificate({ authority, ...options })
}

/** No byte of the request, with its cookies and tokens, may go to such a server. */
const mustNotSpeak: Step['serve'] = () => {
  throw new Error('The client has sent its request')
}

/** A server with such a certificate, which the client does not connect to. */
function impostor(name: string, cause: string, certificate: () => Promise<Certificate>): Attack {
  return {
    name,
    source: 'CVE-2020-15133',
    bound: 'the handshake fails before a byte of the request is sent',
    amount: 2,
    unit: 'connections',
    work: 'linear',
    memory: { limit: 32 },
    async tls() {
      authority ??= await makeAuthority()
      return certificate()
    },
    steps: amount =>
      times(amount, [
        {
          options: { headers: { Cookie: 'secret' }, tls: { ca: authority!.cert } },
          expect: neverOpened('WS_ERR_TLS', cause),
          serve: mustNotSpeak,
        },
      ]),
  }
}

export const tlsAttacks: readonly Attack[] = [
  impostor('TLS with a certificate for another name', 'ERR_TLS_CERT_ALTNAME_INVALID', () =>
    signed({ names: ['other.example'], addresses: ['192.0.2.1'] }),
  ),
  impostor('TLS with a certificate that has expired', 'CERT_HAS_EXPIRED', () => signed({ expired: true })),
  impostor('TLS with a certificate that the server has signed itself', 'DEPTH_ZERO_SELF_SIGNED_CERT', () =>
    makeCertificate(),
  ),
  impostor('TLS with a certificate of an unknown authority', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', async () =>
    makeCertificate({ authority: await makeAuthority('Nobody') }),
  ),
]
