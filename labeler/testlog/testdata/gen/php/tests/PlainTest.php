<?php

use PHPUnit\Framework\TestCase;

final class PlainTest extends TestCase
{
    public function testPasses(): void { $this->assertTrue(true); }
}
