<?php

// The choices that options offer, and what a wait comes to.

declare(strict_types=1);

namespace Ministore;

/** When an append is durable. */
enum Sync
{
    /** When it returns. */
    case Always;
    /** When sync, rotate or close has returned. */
    case Manual;
}

/** What opening does with a torn tail. */
enum TornTail
{
    /** Save it to PATH.torn and cut it. */
    case Cut;
    /** Throw TornException and change nothing. */
    case Refuse;
}

/** What a cursor does behind a bad line. */
enum OnBadLine
{
    /** Throw the same again. */
    case Stop;
    /** Go on behind it when asked again. */
    case Skip;
}

/** What Cursor::wait comes to. */
enum Readiness
{
    case Ready;
    case Timeout;
    /** A signal came, or Cursor::interrupt. */
    case Interrupted;
}
