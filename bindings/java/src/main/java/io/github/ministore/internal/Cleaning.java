// Frees what nobody can reach any more: the safety net for handles that were forgotten.
package io.github.ministore.internal;

import java.lang.ref.Cleaner;

final class Cleaning {
    private static final Cleaner CLEANER = Cleaner.create();

    private Cleaning() {}

    static void of(Object handle, Runnable free) {
        CLEANER.register(handle, free);
    }
}
