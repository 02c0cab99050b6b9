'use client'
import { useEffect, useState } from 'react'
import { echo } from './echo.js'

export function Client({ address }) {
  const [answer, setAnswer] = useState('')
  useEffect(() => {
    echo(address, 'from the client').then(setAnswer)
  }, [address])
  return <p id="client">{answer}</p>
}
