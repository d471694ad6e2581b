<?php

use PHPUnit\Framework\TestCase;

final class Hang extends TestCase
{
    public function testRunsBefore(): void { $this->assertTrue(true); }
    public function testNeverEnds(): void { sleep(60); }
}
