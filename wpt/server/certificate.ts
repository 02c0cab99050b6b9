/**
 * The certificate of the test server, valid from 2025 to 2125 for `localhost`, names below it, `web-platform.test`, 127.0.0.1
 * and ::1. It is public on purpose, so trust it in test processes only. The key of the authority was thrown away: with what is
 * here nobody can sign a certificate for another name.
 *
 * Two certificates and not one self-signed, because rustls (Deno) refuses an authority as a server's own certificate. The names
 * below `localhost` that the tests use are spelled out, because Node.js refuses a wildcard directly below a top-level domain.
 */
export const authority: string = `-----BEGIN CERTIFICATE-----
MIIBnDCCAUOgAwIBAgIUei4uXiTJ7s4ZZHEQSU4G+sBD2qEwCgYIKoZIzj0EAwIw
KjEoMCYGA1UEAwwfd2hhdHdnLXdlYnNvY2tldCB0ZXN0IGF1dGhvcml0eTAgFw0y
NTAxMDEwMDAwMDBaGA8yMTI1MDEwMTAwMDAwMFowKjEoMCYGA1UEAwwfd2hhdHdn
LXdlYnNvY2tldCB0ZXN0IGF1dGhvcml0eTBZMBMGByqGSM49AgEGCCqGSM49AwEH
A0IABKXO/gU1zCOyy0b6UnsfhaWfZ1AUvozRNQ8pCaDiiYkiVMx3rncW8zUGBuHr
OALwcGfLAbG22z2yR4foL2IN5YajRTBDMBIGA1UdEwEB/wQIMAYBAf8CAQAwDgYD
VR0PAQH/BAQDAgIEMB0GA1UdDgQWBBRUgjiJUmtcGc5x+naNCQZfwLoiKDAKBggq
hkjOPQQDAgNHADBEAiAv/0Fnd8tbky0sH/b9jtLzBaQSw55KG5PxKzCWDtq8MQIg
Y4RThfSa3seds7pXje9VdcCib+XHdrKDbjjFuFJtkLg=
-----END CERTIFICATE-----
`

export const certificate: string = `-----BEGIN CERTIFICATE-----
MIICVDCCAfmgAwIBAgIUYwCGkaTyRPgtHy6UXwXy/FObLeUwCgYIKoZIzj0EAwIw
KjEoMCYGA1UEAwwfd2hhdHdnLXdlYnNvY2tldCB0ZXN0IGF1dGhvcml0eTAgFw0y
NTAxMDEwMDAwMDBaGA8yMTI1MDEwMTAwMDAwMFowFDESMBAGA1UEAwwJbG9jYWxo
b3N0MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEN8unLO/ivenQcNo1vzyJBDsD
di39yWLL/KpoPSMJ6TuppRdR0pSZjzKk9+pFAVUYo7kqqBDIMdLKdJVXAoK4yKOC
AQ8wggELMAwGA1UdEwEB/wQCMAAwDgYDVR0PAQH/BAQDAgeAMBMGA1UdJQQMMAoG
CCsGAQUFBwMBMB0GA1UdDgQWBBQGj6KPZt22zjVFhIk7DbLQh4XtFzAfBgNVHSME
GDAWgBRUgjiJUmtcGc5x+naNCQZfwLoiKDCBlQYDVR0RBIGNMIGKgglsb2NhbGhv
c3SCCyoubG9jYWxob3N0giF4bi0tbjhqNmRzNTNsd3drcnFodjI4YS5sb2NhbGhv
c3SCDXd3dy5sb2NhbGhvc3SCEXdlYi1wbGF0Zm9ybS50ZXN0ghMqLndlYi1wbGF0
Zm9ybS50ZXN0hwR/AAABhxAAAAAAAAAAAAAAAAAAAAABMAoGCCqGSM49BAMCA0kA
MEYCIQCTz7tOBd2J/0ilw2CzhRZuGaAvpbQUehvVxr5oTxlvNwIhAMU5YGWwoybN
tA0qdKuuzZG3IHP9Ifjt9yqh5s8GlzeZ
-----END CERTIFICATE-----
`

export const privateKey: string = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgehn/VV2C+E18NFPa
CaETai2/fBbWmEdBeyJnEQ7f8w+hRANCAAQ3y6cs7+K96dBw2jW/PIkEOwN2Lf3J
Ysv8qmg9IwnpO6mlF1HSlJmPMqT36kUBVRijuSqoEMgx0sp0lVcCgrjI
-----END PRIVATE KEY-----
`
