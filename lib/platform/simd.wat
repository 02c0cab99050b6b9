;; Masking and UTF-8 by SIMD, where JavaScript or the host is slower. `npm run assemble` writes simd-module.ts from this file.
(module
  ;; 71 pages of 64 KiB: slabs for frames, then text as simd.ts lays it out. The host gives a page when it is first touched.
  (memory (export "memory") 71 71)

  ;; Masking: XORs each word of [at, end) with the key. The length is a multiple of 4.
  (func (export "mask") (param $at i32) (param $end i32) (param $key i32)
    (local $keys v128)
    (local $last i32)
    (local.set $keys (i32x4.splat (local.get $key)))
    (local.set $last (i32.sub (local.get $end) (i32.const 64)))
    (block $blocks
      (loop $block
        (br_if $blocks (i32.gt_s (local.get $at) (local.get $last)))
        (v128.store (local.get $at) (v128.xor (v128.load (local.get $at)) (local.get $keys)))
        (v128.store offset=16 (local.get $at) (v128.xor (v128.load offset=16 (local.get $at)) (local.get $keys)))
        (v128.store offset=32 (local.get $at) (v128.xor (v128.load offset=32 (local.get $at)) (local.get $keys)))
        (v128.store offset=48 (local.get $at) (v128.xor (v128.load offset=48 (local.get $at)) (local.get $keys)))
        (local.set $at (i32.add (local.get $at) (i32.const 64)))
        (br $block)))
    (block $words
      (loop $word
        (br_if $words (i32.ge_s (local.get $at) (local.get $end)))
        (i32.store (local.get $at) (i32.xor (i32.load (local.get $at)) (local.get $key)))
        (local.set $at (i32.add (local.get $at) (i32.const 4)))
        (br $word))))
  ;; Writes the UTF-16 of [at, end) as UTF-8 to $to, a lone surrogate as U+FFFD. Returns where that ends.
  (func (export "encode") (param $at i32) (param $end i32) (param $to i32) (result i32)
    (local $units v128)
    (local $blockEnd i32)
    (local $unit i32)
    (local $next i32)
    (block $done
      (loop $block
        (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
        (local.set $blockEnd (i32.add (local.get $at) (i32.const 16)))
        (if (i32.gt_u (local.get $blockEnd) (local.get $end))
          (then (local.set $blockEnd (local.get $end)))
          (else
            (local.set $units (v128.load (local.get $at)))
            ;; Eight units of ASCII.
            (if (i32.eqz (v128.any_true (v128.and (local.get $units) (i16x8.splat (i32.const 0xff80)))))
              (then
                (i64.store (local.get $to)
                  (i64x2.extract_lane 0 (i8x16.narrow_i16x8_u (local.get $units) (local.get $units))))
                (local.set $to (i32.add (local.get $to) (i32.const 8)))
                (local.set $at (local.get $blockEnd))
                (br $block)))))
        (loop $unit
          (local.set $unit (i32.load16_u (local.get $at)))
          (local.set $at (i32.add (local.get $at) (i32.const 2)))
          (if (i32.lt_u (local.get $unit) (i32.const 0x80))
            (then
              (i32.store8 (local.get $to) (local.get $unit))
              (local.set $to (i32.add (local.get $to) (i32.const 1))))
            (else (if (i32.lt_u (local.get $unit) (i32.const 0x800))
              (then
                (i32.store16 (local.get $to)
                  (i32.or
                    (i32.or (i32.const 0x80c0) (i32.shr_u (local.get $unit) (i32.const 6)))
                    (i32.shl (i32.and (local.get $unit) (i32.const 0x3f)) (i32.const 8))))
                (local.set $to (i32.add (local.get $to) (i32.const 2))))
              (else
                (if (i32.eq (i32.and (local.get $unit) (i32.const 0xf800)) (i32.const 0xd800))
                  (then
                    (local.set $next (i32.const 0))
                    (if (i32.lt_u (local.get $at) (local.get $end))
                      (then (local.set $next (i32.load16_u (local.get $at)))))
                    (if
                      (i32.and
                        (i32.lt_u (local.get $unit) (i32.const 0xdc00))
                        (i32.eq (i32.and (local.get $next) (i32.const 0xfc00)) (i32.const 0xdc00)))
                      (then
                        ;; 0x10000 + ((unit - 0xd800) << 10) + (next - 0xdc00)
                        (local.set $unit
                          (i32.sub
                            (i32.add (i32.shl (local.get $unit) (i32.const 10)) (local.get $next))
                            (i32.const 0x35fdc00)))
                        (local.set $at (i32.add (local.get $at) (i32.const 2)))
                        (i32.store (local.get $to)
                          (i32.or
                            (i32.or
                              (i32.or (i32.const 0x808080f0) (i32.shr_u (local.get $unit) (i32.const 18)))
                              (i32.shl
                                (i32.and (i32.shr_u (local.get $unit) (i32.const 12)) (i32.const 0x3f))
                                (i32.const 8)))
                            (i32.or
                              (i32.shl
                                (i32.and (i32.shr_u (local.get $unit) (i32.const 6)) (i32.const 0x3f))
                                (i32.const 16))
                              (i32.shl (i32.and (local.get $unit) (i32.const 0x3f)) (i32.const 24)))))
                        (local.set $to (i32.add (local.get $to) (i32.const 4)))
                        (br_if $unit (i32.lt_u (local.get $at) (local.get $blockEnd)))
                        (br $block)))
                    (local.set $unit (i32.const 0xfffd))))
                (i32.store16 (local.get $to)
                  (i32.or
                    (i32.or (i32.const 0x80e0) (i32.shr_u (local.get $unit) (i32.const 12)))
                    (i32.shl
                      (i32.and (i32.shr_u (local.get $unit) (i32.const 6)) (i32.const 0x3f))
                      (i32.const 8))))
                (i32.store8 offset=2 (local.get $to)
                  (i32.or (i32.const 0x80) (i32.and (local.get $unit) (i32.const 0x3f))))
                (local.set $to (i32.add (local.get $to) (i32.const 3)))))))
          (br_if $unit (i32.lt_u (local.get $at) (local.get $blockEnd))))
        (br $block)))
    (local.get $to))

  ;; Writes the UTF-8 of [at, end), which is well-formed, as UTF-16 to $to. Returns where that ends, plus 1 if all units are
  ;; less than 256.
  (func (export "decode") (param $at i32) (param $end i32) (param $to i32) (result i32)
    (local $bytes v128)
    (local $blockEnd i32)
    (local $byte i32)
    (local $seen i32)
    (block $done
      (loop $block
        (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
        (local.set $blockEnd (i32.add (local.get $at) (i32.const 16)))
        (if (i32.gt_u (local.get $blockEnd) (local.get $end))
          (then (local.set $blockEnd (local.get $end)))
          (else
            (local.set $bytes (v128.load (local.get $at)))
            (if (i32.eqz (i8x16.bitmask (local.get $bytes)))
              (then
                (v128.store (local.get $to) (i16x8.extend_low_i8x16_u (local.get $bytes)))
                (v128.store offset=16 (local.get $to) (i16x8.extend_high_i8x16_u (local.get $bytes)))
                (local.set $to (i32.add (local.get $to) (i32.const 32)))
                (local.set $at (local.get $blockEnd))
                (br $block)))))
        (loop $character
          (local.set $byte (i32.load8_u (local.get $at)))
          (if (i32.lt_u (local.get $byte) (i32.const 0x80))
            (then (local.set $at (i32.add (local.get $at) (i32.const 1))))
            (else (if (i32.lt_u (local.get $byte) (i32.const 0xe0))
              (then
                (local.set $byte
                  (i32.or
                    (i32.shl (i32.and (local.get $byte) (i32.const 0x1f)) (i32.const 6))
                    (i32.and (i32.load8_u offset=1 (local.get $at)) (i32.const 0x3f))))
                (local.set $at (i32.add (local.get $at) (i32.const 2))))
              (else (if (i32.lt_u (local.get $byte) (i32.const 0xf0))
                (then
                  (local.set $byte
                    (i32.or
                      (i32.or
                        (i32.and (i32.shl (local.get $byte) (i32.const 12)) (i32.const 0xf000))
                        (i32.shl (i32.and (i32.load8_u offset=1 (local.get $at)) (i32.const 0x3f)) (i32.const 6)))
                      (i32.and (i32.load8_u offset=2 (local.get $at)) (i32.const 0x3f))))
                  (local.set $at (i32.add (local.get $at) (i32.const 3))))
                (else
                  (local.set $byte
                    (i32.sub
                      (i32.or
                        (i32.or
                          (i32.shl (i32.and (local.get $byte) (i32.const 7)) (i32.const 18))
                          (i32.shl (i32.and (i32.load8_u offset=1 (local.get $at)) (i32.const 0x3f)) (i32.const 12)))
                        (i32.or
                          (i32.shl (i32.and (i32.load8_u offset=2 (local.get $at)) (i32.const 0x3f)) (i32.const 6))
                          (i32.and (i32.load8_u offset=3 (local.get $at)) (i32.const 0x3f))))
                      (i32.const 0x10000)))
                  (local.set $at (i32.add (local.get $at) (i32.const 4)))
                  (i32.store16 (local.get $to)
                    (i32.or (i32.const 0xd800) (i32.shr_u (local.get $byte) (i32.const 10))))
                  (local.set $to (i32.add (local.get $to) (i32.const 2)))
                  (local.set $byte (i32.or (i32.const 0xdc00) (i32.and (local.get $byte) (i32.const 0x3ff))))))))))
          (i32.store16 (local.get $to) (local.get $byte))
          (local.set $seen (i32.or (local.get $seen) (local.get $byte)))
          (local.set $to (i32.add (local.get $to) (i32.const 2)))
          (br_if $character (i32.lt_u (local.get $at) (local.get $blockEnd))))
        (br $block)))
    (i32.or (local.get $to) (i32.lt_u (local.get $seen) (i32.const 0x100))))

  ;; Writes the low byte of each unit of [at, end) to $at, one behind the other.
  (func (export "narrow") (param $at i32) (param $end i32)
    (local $to i32)
    (local.set $to (local.get $at))
    (block $done
      (loop $unit
        (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
        (i32.store8 (local.get $to) (i32.load16_u (local.get $at)))
        (local.set $at (i32.add (local.get $at) (i32.const 2)))
        (local.set $to (i32.add (local.get $to) (i32.const 1)))
        (br $unit)))))
