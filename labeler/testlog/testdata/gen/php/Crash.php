<?php

use PHPUnit\Framework\TestCase;

final class Crash extends TestCase
{
    public function testRunsBefore(): void { $this->assertTrue(true); }
    public function testDies(): void { exit(3); }
}
