<?php

// How a record becomes JSON text and text a value: PHP's own functions, the text itself, or a class of your own.

declare(strict_types=1);

namespace Ministore;

interface Codec
{
    /** One line of JSON text. */
    public function encode(mixed $record): string;

    public function decode(string $json): mixed;
}

/**
 * json_encode and json_decode, with options under which data goes through intact: objects are stdClass, so that {} and
 * [] stay apart (or arrays, where $associative is true and that does not matter), floats stay floats, and integers
 * beyond 64 bits become strings of digits.
 */
final class JsonCodec implements Codec
{
    private const DEPTH = 8193; // brackets of a record, one more than a journal may hold

    private const ENCODE = JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE | JSON_PRESERVE_ZERO_FRACTION
        | JSON_THROW_ON_ERROR;

    public function __construct(private readonly bool $associative = false)
    {
    }

    public function encode(mixed $record): string
    {
        return json_encode($record, self::ENCODE);
    }

    public function decode(string $json): mixed
    {
        return json_decode($json, $this->associative, self::DEPTH, JSON_BIGINT_AS_STRING | JSON_THROW_ON_ERROR);
    }
}

/** Records are JSON text, byte for byte. */
final class RawCodec implements Codec
{
    public function encode(mixed $record): string
    {
        return $record;
    }

    public function decode(string $json): string
    {
        return $json;
    }
}
