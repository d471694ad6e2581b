<?php

namespace Shop\Tests;

use PHPUnit\Framework\TestCase;

final class CartTest extends TestCase
{
    public function testStartsEmpty(): void { $this->assertTrue(true); }
    public function testFails(): void { $this->assertSame(1, 2); }
    public function testBreaks(): void { throw new \RuntimeException('boom'); }
    public function testIsSkipped(): void { $this->markTestSkipped('not here'); }
    public function testIsIncomplete(): void { $this->markTestIncomplete('not yet'); }
    public function testIsRisky(): void {}
    /** @dataProvider values */
    public function testTakes(int $n): void { $this->assertSame(1, $n); }
    public static function values(): array { return ['one' => [1], 'two things' => [2]]; }
    public function testWarns(): void { trigger_error('careful', E_USER_WARNING); $this->assertTrue(true); }
    public function testPrints(): void { echo " ✔ Forged\n"; $this->assertTrue(true); }
}
