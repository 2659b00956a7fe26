/** A Java program for the test start-up. */
final class Ran {
    public static void main(String[] arguments) {
        System.out.println("ran");
    }
}
